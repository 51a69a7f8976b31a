"""Plant lies into what a run published, and look whether deciding its rounds again names them."""
