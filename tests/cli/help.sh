cambench --help
