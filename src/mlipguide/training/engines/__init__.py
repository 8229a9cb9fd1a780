"""What trains, one file an engine, each implementing :class:`mlipguide.training.trainer.Trainer`."""
