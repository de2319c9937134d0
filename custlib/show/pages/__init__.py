"""The blocks of each page: from small tables to headlines, figures and sentences, with words from the dictionaries."""
