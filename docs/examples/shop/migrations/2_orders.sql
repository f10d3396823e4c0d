create table orders (
  id serial primary key,
  article text not null references articles (name),
  quantity integer not null,
  placed_at timestamptz not null default now()
);
