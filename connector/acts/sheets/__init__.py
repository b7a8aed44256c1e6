"""Reading spreadsheets row by row in flat memory: CSV as it comes, XLSX without calculating anything."""
