"""Five data sets, four families of models, eight splits: the default beside what others have."""
