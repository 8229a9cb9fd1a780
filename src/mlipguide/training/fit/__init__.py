"""The final fit, its checks, and the folder that it leaves."""
