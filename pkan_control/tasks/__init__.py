"""What controllers do: observation, action, starts, success and expert of each job."""
