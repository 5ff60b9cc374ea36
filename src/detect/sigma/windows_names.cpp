#include "detect/sigma/windows_names.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::size_t made_max = 4'096;  // a real system has some 30; a hostile file makes names without end

constexpr struct {
  std::string_view theirs, ours;
} winlog_names[] = {{"channel", "Channel"},
                    {"event_id", "EventID"},
                    {"provider_name", "Provider_Name"},
                    {"provider_guid", "Provider_Guid"},
                    {"computer_name", "Computer"},
                    {"record_id", "EventRecordID"},
                    {"task", "Task"},
                    {"opcode", "Opcode"},
                    {"keywords", "Keywords"},
                    {"process.pid", "Execution_ProcessID"},
                    {"process.thread.id", "Execution_ThreadID"},
                    {"user.identifier", "Security_UserID"}};

bool take_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

std::string_view leaf(std::string_view name) {
  for (const auto text : {".#text", ".$t", ".#value"}) take_suffix(name, text);
  const auto dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

}  // namespace

std::string_view WindowsNames::system_name(std::string_view name) {
  for (const auto text : {".#text", ".$t", ".#value"})
    if (take_suffix(name, text)) return name;
  for (const std::string_view mark : {".#attributes.", ".@", ".$."}) {
    const auto at = name.find(mark);
    if (at == name.npos) continue;
    if (const auto known = made_.find(name); known != made_.end()) return known->second;
    if (made_.size() == made_max) return name;
    auto joined = fmt::format("{}_{}", name.substr(0, at), name.substr(at + mark.size()));
    return made_.emplace(name, std::move(joined)).first->second;
  }
  return name;
}

std::string_view WindowsNames::renamed(std::string_view name) {
  std::string_view rest = name;
  if (take_prefix(rest, "winlog.")) {
    if (take_prefix(rest, "event_data.")) return rest;
    if (take_prefix(rest, "user_data.")) return leaf(rest);
    for (const auto& row : winlog_names)
      if (rest == row.theirs) return row.ours;
    return name;
  }
  const bool in_event = take_prefix(rest, "Event.");
  if (take_prefix(rest, "EventData.")) {
    take_suffix(rest, ".#text");
    return rest;
  }
  if (take_prefix(rest, "UserData.")) return leaf(rest);
  if (take_prefix(rest, "System.")) return system_name(rest);
  return in_event ? rest : name;
}

void WindowsNames::pair_data(Record& record) {
  auto& fields = record.fields;
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    const auto is_name = [](std::string_view n) { return n == "Data.@Name" || n == "Data.#attributes.Name"; };
    const bool text_second = is_name(fields[i].name) && fields[i + 1].name == "Data";
    const bool text_first = fields[i].name == "Data" && is_name(fields[i + 1].name);
    if (!text_second && !text_first) continue;
    const auto& text = text_second ? fields[i + 1] : fields[i];
    fields[i] = {.name = text_second ? fields[i].value : fields[i + 1].value,
                 .value = text.value,
                 .is_text = text.is_text};
    fields[i + 1] = {.name = "#", .value = "", .is_text = true};  // taken; no rule asks for it
    ++i;
  }
  std::erase_if(fields, [](const Field& field) { return field.name == "#"; });
}

void WindowsNames::apply(Record& record) {
  bool has_pairs = false;
  for (auto& field : record.fields) {
    field.name = renamed(field.name);
    has_pairs = has_pairs || field.name == "Data.@Name" || field.name == "Data.#attributes.Name";
  }
  if (has_pairs) pair_data(record);
}

}  // namespace shieldwall::detect::sigma
