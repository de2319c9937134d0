"""The blocks of each page: from small tables to headlines, figures and sentences, in the reader's language."""
