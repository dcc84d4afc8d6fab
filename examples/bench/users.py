"""A user API: /health, /users?limit&offset, POST /users, /users/{id}.

It keeps its users in memory, so that what is measured is the server, the
framework and the interpreter, and no database.
"""

from itertools import islice

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field


class NewUser(BaseModel):
    name: str = Field(min_length=1, max_length=100)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)


class User(NewUser):
    id: int


app = FastAPI()
users: dict[int, User] = {}
emails: set[str] = set()


def add(new: NewUser) -> User:
    user = User(id=len(users) + 1, name=new.name, email=new.email)
    users[user.id] = user
    emails.add(user.email)
    return user


for i in range(1000):
    add(NewUser(name=f"User {i}", email=f"user{i}@example.com"))


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/users")
async def list_users(limit: int = Query(20, ge=1, le=100), offset: int = Query(0, ge=0)) -> list[User]:
    return list(islice(users.values(), offset, offset + limit))


@app.post("/users", status_code=201)
async def create_user(new: NewUser) -> User:
    if new.email in emails:
        raise HTTPException(409, "this e-mail address is taken")
    return add(new)


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> User:
    if user_id not in users:
        raise HTTPException(404, "there is no such user")
    return users[user_id]
