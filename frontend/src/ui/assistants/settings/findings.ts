/** What a provider was found to do and not to do: a sentence for each code that the server knows. */
import type { Finding } from "../../../core/api";
import { wordsOf } from "../../../i18n";

export const en = {
  demo: "The built-in demo answers. It is not an AI.",
  lists_nothing: "It does not list its models.",
  no_model: "It answers, but it has no model.",
  first_model: "No model is set. The first that it lists is used: {model}.",
  has_model: "The address answers, takes the key, and has the model {model}.",
  other_models: "It does not list the model {model}. It lists {models}.",
  too_long: "Even a short question is too long for it. Is its window set very small?",
  answers: "It answers: the first words after {first} ms, the last after {last} ms.",
  all_at_once: "The answer came all at once. Something in between holds it back.",
  no_reason: "It does not say why an answer ends. A cut one cannot be told from a whole one.",
  cut_short: "It cut a short answer. Is its limit of output set very small?",
  counts_tokens: "It counts tokens: {prompt} and {answer} for that question.",
  counts_nothing: "It does not count tokens. Budgets go by an estimate.",
  refuses_tools: "It refuses tools, though its settings promise them.",
  no_tools: "It takes no tools. Assistants there cannot search the room.",
  takes_tools: "It takes tools.",
  tools_off: "It takes tools, but they are off in the server's settings.",
  ai_misconfigured: "The key or the request was refused. The server's log says more.",
  ai_model_missing: "The model is not there, or the address is wrong.",
  ai_busy: "It is busy. Wait, or ask the provider for more.",
  ai_quota: "The provider account is used up.",
  ai_unavailable: "Nobody answers at its address.",
  ai_incomplete: "The answer ends too early, or what comes is no answer.",
  slow: "It takes longer than {seconds} s.",
  internal: "It could not be tried. The server's log says more.",
} as const;

export const ko: Record<keyof typeof en, string> = {
  demo: "내장 데모가 답합니다. AI가 아닙니다.",
  lists_nothing: "모델 목록을 주지 않습니다.",
  no_model: "응답하지만 모델이 없습니다.",
  first_model: "모델을 정하지 않았습니다. 목록의 첫 모델을 씁니다: {model}.",
  has_model: "주소가 응답하고 키를 받으며 모델 {model}이(가) 있습니다.",
  other_models: "목록에 모델 {model}이(가) 없습니다. 있는 모델: {models}.",
  too_long: "짧은 질문도 길다고 합니다. 컨텍스트 창이 너무 작게 설정되어 있나요?",
  answers: "답합니다. 첫 단어까지 {first}ms, 마지막까지 {last}ms.",
  all_at_once: "답이 한꺼번에 왔습니다. 중간에서 막는 것이 있습니다.",
  no_reason: "답이 끝난 이유를 알려 주지 않습니다. 끊긴 답을 구별할 수 없습니다.",
  cut_short: "짧은 답을 잘랐습니다. 출력 한도가 너무 작게 설정되어 있나요?",
  counts_tokens: "토큰을 셉니다. 이 질문에 {prompt}개와 {answer}개.",
  counts_nothing: "토큰을 세지 않습니다. 예산은 추정치로 계산합니다.",
  refuses_tools: "설정에는 있지만 도구를 거부합니다.",
  no_tools: "도구를 받지 않습니다. 대화방을 검색할 수 없습니다.",
  takes_tools: "도구를 받습니다.",
  tools_off: "도구를 받지만 서버 설정에서 꺼져 있습니다.",
  ai_misconfigured: "키나 요청이 거부되었습니다. 자세한 내용은 서버 로그에 있습니다.",
  ai_model_missing: "모델이 없거나 주소가 틀렸습니다.",
  ai_busy: "지금 바쁩니다. 기다리거나 제공자에게 한도를 늘려 달라고 하세요.",
  ai_quota: "제공자 한도를 다 썼습니다.",
  ai_unavailable: "그 주소에서 응답이 없습니다.",
  ai_incomplete: "답이 너무 일찍 끝나거나 답이 아닌 것이 옵니다.",
  slow: "{seconds}초가 넘게 걸립니다.",
  internal: "시험하지 못했습니다. 자세한 내용은 서버 로그에 있습니다.",
};

const say = wordsOf<keyof typeof en>(en, ko);

/** What is found by a newer server than this page knows is better said by its code than not at all. */
export function sentence({ code, params }: Finding): string {
  return code in en ? say(code as keyof typeof en, params) : code;
}
