#include "server/account_json.h"

namespace shieldwall::server {

void write_account(model::JsonWriter& out,
                   const Account& account,
                   const std::optional<std::string>& password) {
  out.begin_object();
  out.member("id", account.id.text());
  out.member("name", account.name);
  out.member("organisation", account.organisation.text());
  out.key("roles");
  out.begin_array();
  for (const auto role : account.roles) out.value(name_of(role));
  out.end_array();
  out.key("rights");
  out.begin_array();
  for (const auto right : rights_of(account.roles)) out.value(api::name_of(right));
  out.end_array();
  if (account.person) out.member("person", account.person->text());
  out.key("compartments");
  out.begin_array();
  for (const auto& compartment : account.compartments) out.value(compartment.text());
  out.end_array();
  out.member("disabled", account.disabled);
  out.member("has_password", !account.password.empty());
  out.member("created", to_text(account.created));
  if (password) out.member("password", std::string_view(*password));
  out.end_object();
}

}  // namespace shieldwall::server
