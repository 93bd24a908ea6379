"""The words of the demo provider. `{…}` is filled in from the room."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "no_ai": "I am the built-in demo: no AI, only a few fixed rules.",
    "nobody": "nobody that I know of",
    "nothing": "- nothing yet",
    "persona": "I was set up as {name}: {persona}",
    "pass_on": "@{name} what do you say: {what}?",
    "found": "I searched this room, as you could yourself:\n\n{said}",
    "used": "I tried it in your name. {result}",
    "people": "In **{room}** I see: {people}.\n\nYou are {asker}, and you asked me. That makes at least one of us curious.",
    "said": "The latest in **{room}** before your question:\n\n{said}\n\nA real model would put it in its own words.",
    "connect": """\
Any server that speaks the OpenAI protocol will do: OpenAI, Ollama, vLLM, llama.cpp, LM Studio. Put this into the \
environment (or into `.env`) and start again:

```sh
# a model on your own machine
OPENAI_BASE_URL=http://127.0.0.1:11434/v1
OPENAI_MODEL=llama3.2

# or OpenAI
OPENAI_API_KEY=sk-…
```

After that the same `@assistant` answers with that model, and I am gone.""",
    "code": """\
This is what an answer may hold: **bold**, *italic*, `code`, lists and blocks.

1. Mention `@assistant` with a question.
2. Watch it being written, on everybody's screen at once.
3. Press *Stop* when you have read enough.

```python
def fold(state, events):
    for event in sorted(events, key=lambda e: e["seq"]):
        if event["seq"] > state["seq"]:
            state = apply(state, event)
    return state
```

> Quotes work too. A mention inside one does not call me.""",
    "story": """\
You wanted something long, so here is a long story. Press *Stop* whenever you like: what is written so far stays.

Once there was a room with a number on its door. Whatever happened in the room got a number too: the first greeting was \
one, the first question two, and the answer to it was three. Nobody handed the numbers out twice, and none was ever left \
out, because the room kept a book, and nothing had happened before it stood in the book.

People came and went. Some of them came through tunnels and mountains, where no wave reaches, and when they stepped out \
on the other side they called: "I was at forty-one. What is new?" And the room read to them from the book, from \
forty-two on, each line once, in order, until they had caught up and went on listening with the others.

One evening a machine was invited in. It did not know much, but it was polite. When it was asked something, it first \
raised its hand, so that all could see that it was thinking. Then it spoke, a few words at a time, and everybody heard \
the same words at the same moment. Those who came late were told quickly what it had said so far, and then they heard \
the rest together with the others.

Sometimes it went on for too long. Then somebody said "stop", and it stopped in the middle of the sentence, without \
taking offence. What it had said remained in the book, with the name of the person who had stopped it, and whoever \
wanted to know how the sentence would have ended could ask it to try again.

Once the machine fell over while it was speaking. The room waited a moment, just long enough to be sure. Then it wrote \
down what had been heard, drew a line under it, and noted: interrupted. Nobody sat there until morning waiting for a \
voice that would not come back.

There were nights when all the lights in the house went out. When they came back on, the people looked at their screens, \
then at each other's, and compared: the same lines, in the same order, to the last comma. So they went on talking as if \
nothing had happened, which, as far as the book was concerned, was exactly right.

And if you have read this far without pressing *Stop*, then the story is over, and it has an end like every answer here: \
the last word, and a note that it is done.""",
    "other": """\
Hello {asker}. You wrote: "{question}". I cannot really answer that, but you can try these:

- `@assistant who is here?`
- `@assistant what was said?`
- `@assistant show me some code`
- `@assistant tell me a long story`, and stop me in the middle
- `@assistant search tea`, with a tool
- `@assistant rename the room to Tea`, which asks for your approval
- `@assistant break off`, and go on with it
- `@assistant how do I connect a real model?`""",
}

KOREAN: dict[str, str] = {
    "no_ai": "저는 기본으로 들어 있는 데모예요. AI가 아니라 정해진 규칙 몇 가지로 답합니다.",
    "nobody": "제가 아는 사람은 없어요",
    "nothing": "- 아직 아무 말도 없어요",
    "persona": "저는 {name}(으)로 설정되어 있어요: {persona}",
    "pass_on": "@{name} 어떻게 생각하세요: {what}?",
    "found": "이 방에서 찾아봤어요. 직접 찾으셔도 같은 결과예요.\n\n{said}",
    "used": "대신 해 봤어요. {result}",
    "people": "지금 **{room}** 방에는 {people} 님이 있어요.\n\n물어보신 분은 {asker} 님이고요.",
    "said": "질문하시기 전까지 **{room}** 방에서 나온 최근 이야기예요.\n\n{said}\n\n실제 모델이라면 자기 말로 정리해 줄 거예요.",
    "connect": """\
OpenAI 방식으로 통신하는 서버라면 무엇이든 됩니다. OpenAI, Ollama, vLLM, llama.cpp, LM Studio 모두요. 아래 내용을 환경 변수\
(또는 `.env`)에 넣고 다시 시작하세요.

```sh
# 내 컴퓨터에서 돌아가는 모델
OPENAI_BASE_URL=http://127.0.0.1:11434/v1
OPENAI_MODEL=llama3.2

# 또는 OpenAI
OPENAI_API_KEY=sk-…
```

그다음부터는 같은 `@assistant`가 그 모델로 답하고, 저는 물러납니다.""",
    "code": """\
답변에는 **굵게**, *기울임*, `코드`, 목록, 코드 블록을 쓸 수 있어요.

1. `@assistant`를 부르면서 질문하세요.
2. 답이 모두의 화면에서 동시에 써집니다.
3. 충분히 읽었다면 *중지*를 누르세요.

```python
def fold(state, events):
    for event in sorted(events, key=lambda e: e["seq"]):
        if event["seq"] > state["seq"]:
            state = apply(state, event)
    return state
```

> 인용도 됩니다. 인용 안에서 부르는 것은 부른 것으로 치지 않아요.""",
    "story": """\
길게 써 달라고 하셨으니 긴 이야기를 들려 드릴게요. 언제든 *중지*를 누르세요. 그때까지 쓴 글은 그대로 남습니다.

옛날에 문에 번호가 붙은 방이 하나 있었어요. 방에서 일어나는 일에도 모두 번호가 붙었지요. 첫인사가 1번, 첫 질문이 2번, 그 답이 \
3번이었어요. 같은 번호를 두 번 쓰는 일도, 건너뛰는 일도 없었습니다. 방에는 장부가 있었고, 장부에 적히기 전에는 아무 일도 \
일어나지 않은 것이었으니까요.

사람들이 오고 갔습니다. 어떤 이는 전파가 닿지 않는 터널과 산을 지나서 왔는데, 반대편으로 나오면 이렇게 외쳤어요. "저는 41번까지 \
들었어요. 그 뒤로 무슨 일이 있었나요?" 그러면 방은 장부를 펴고 42번부터 한 줄씩, 빠짐없이 차례대로 읽어 주었습니다. 다 따라잡으면 \
다른 사람들과 함께 다음 이야기를 들었지요.

어느 저녁, 기계 하나가 초대를 받았습니다. 아는 것은 많지 않아도 예의는 발랐어요. 질문을 받으면 먼저 손을 들어 생각하고 있다는 것을 \
모두에게 보여 주었습니다. 그러고는 몇 마디씩 말했는데, 모두가 같은 말을 같은 순간에 들었어요. 늦게 온 사람은 지금까지 한 말을 얼른 \
전해 듣고, 나머지는 함께 들었습니다.

가끔은 말이 너무 길어졌어요. 누군가 "그만" 하면 기계는 문장 한가운데에서 서운해하지 않고 멈췄습니다. 그때까지 한 말은 멈추게 한 \
사람의 이름과 함께 장부에 남았고, 문장이 어떻게 끝났을지 궁금한 사람은 다시 말해 달라고 할 수 있었지요.

한번은 기계가 말을 하다가 쓰러졌습니다. 방은 아주 잠깐, 확실해질 만큼만 기다렸어요. 그러고는 들은 데까지 적고 줄을 긋고 이렇게 \
덧붙였습니다. "중단됨." 돌아오지 않을 목소리를 아침까지 기다리는 사람은 아무도 없었어요.

집 안의 불이 모두 꺼진 밤도 있었습니다. 불이 다시 들어오자 사람들은 자기 화면을 보고, 서로의 화면을 견주어 보았어요. 같은 줄이 같은 \
순서로, 쉼표 하나까지 똑같았습니다. 그래서 아무 일도 없었던 것처럼 이야기를 이어 갔지요. 장부로 보면 정말 그랬으니까요.

여기까지 *중지*를 누르지 않고 읽으셨다면 이야기는 끝났습니다. 이곳의 모든 답처럼 마지막 낱말이 있고, 다 썼다는 표시가 있어요.""",
    "other": """\
안녕하세요, {asker} 님. "{question}"라고 하셨네요. 제대로 된 답은 못 드리지만 이런 것은 해 볼 수 있어요.

- `@assistant 여기 누가 있어?`
- `@assistant 지금까지 무슨 말이 나왔어?`
- `@assistant 코드 예제 보여 줘`
- `@assistant 긴 이야기 해 줘`라고 하고 중간에 멈춰 보기
- `@assistant 차 검색해 줘`, 도구를 써서
- `@assistant 방 이름을 차로 바꿔 줘`, 승인을 물어봐요
- `@assistant 끊어 줘`라고 하고 이어 쓰게 하기
- `@assistant 진짜 모델은 어떻게 연결해?`""",
}
