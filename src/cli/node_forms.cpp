#include "cli/node_forms.h"

#include "net/url.h"

namespace shieldwall::cli {

void write_given(model::JsonWriter& out, const Arguments& arguments, std::initializer_list<GivenText> rows) {
  for (const auto& [option, member] : rows)
    if (arguments.has(option)) out.member(member, arguments.one(option));
}

void write_texts(model::JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.key(name);
  out.begin_array();
  for (const auto& text : texts) out.value(text);
  out.end_array();
}

std::string body_with(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  model::JsonWriter out;
  out.begin_object();
  for (const auto& [name, text] : texts) out.member(name, text);
  out.end_object();
  return std::move(out).text();
}

std::string path_of(std::string_view list, const std::string& name, std::string_view rest) {
  return fmt::format("/api/v1/{}/{}{}", list, net::percent_encode(name), rest);
}

Exit list_of_node(const Arguments& arguments,
                  const std::string& path,
                  std::string_view list,
                  void (*show)(const model::Json& element)) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(net::Method::get, path); },
      [&](const model::Json& answer) {
        const auto elements = answer.find(list);
        if (!elements) return;
        for (const auto element : *elements) show(element);
      });
}

}  // namespace shieldwall::cli
