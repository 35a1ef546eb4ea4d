cambench --version
