"""One file for each package whose models can be trained further; what it provides is :class:`..fine_tuning.Adapter`."""
