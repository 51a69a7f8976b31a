"""A round at the level of evidence `sketch`: nodes sign sketches of what they sent."""
