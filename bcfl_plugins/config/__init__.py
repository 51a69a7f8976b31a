"""What an app may write under ``[tool.flwr.app.config.bcfl]``, checked key by key."""
