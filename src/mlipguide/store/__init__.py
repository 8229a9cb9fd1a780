"""What is kept between runs: measurements, one file each."""
