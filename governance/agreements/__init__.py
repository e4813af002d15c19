"""Information sharing agreements as values, their reading as a lawyer would, their life and signatures."""
