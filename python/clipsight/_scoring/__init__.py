"""What scoring of many images shares, on Ray or not: storage, columns, rows, one judge."""
