-- The language in which a person is spoken to at a display, and that of a site for those who set
-- none; NULL: none set.

ALTER TABLE people ADD COLUMN language TEXT;
ALTER TABLE installations ADD COLUMN language TEXT;
