"""Small consortia: four to ten sites of unequal data, with and without an attacker."""
