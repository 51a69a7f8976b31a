"""Who pays for being different: honest minorities under every rule, and under the evidence."""
