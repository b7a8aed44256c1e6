"""Those who get data from the controller: how they are told what became of it (Art. 17(2), 19)."""
