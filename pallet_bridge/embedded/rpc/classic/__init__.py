"""The older methods of a node that few clients ask for."""
