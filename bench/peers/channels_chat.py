"""A chat on Django Channels as its tutorial has it, in one file. DB=1: each message is stored first; CH_DB names the file."""

import json
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["CH_DB"],
            "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
        }
    },
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 100_000},
        }
    },
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
urlpatterns = []

from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import re_path  # noqa: E402


class Message(models.Model):
    room = models.CharField(max_length=100, db_index=True)
    content = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "auth"
        db_table = "chat_message"


with connection.schema_editor() as schema:
    schema.create_model(Message)


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        self.room = "chat_" + self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        await self.send(text_data='{"type":"connection"}')

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data):
        message = json.loads(text_data)["message"]
        if os.environ.get("DB") == "1":
            await self.save(message)
        await self.channel_layer.group_send(self.room, {"type": "chat_message", "message": message})

    async def chat_message(self, event):
        await self.send(text_data=json.dumps({"type": "message", "message": event["message"]}))

    @database_sync_to_async
    def save(self, message):
        Message.objects.create(room=self.room, content=message)


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([re_path(r"ws/chat/(?P<room>\w+)/$", Chat.as_asgi())]),
    }
)
