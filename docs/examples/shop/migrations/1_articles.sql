create table articles (
  name text primary key,
  in_stock integer not null
);
