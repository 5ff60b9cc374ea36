#include "policy/scope.h"

#include "policy/subject_form.h"

namespace shieldwall::policy {

Scope Scope::of(Subject subject) {
  Scope scope;
  scope.subject_ = std::make_shared<const Subject>(sorted(std::move(subject)));
  scope.fingerprint_ = sha256(encode(*scope.subject_));
  return scope;
}

Scope Scope::everything(std::string_view reason) {
  Scope scope;
  scope.reason_ = reason;
  scope.fingerprint_ = sha256("everything");
  return scope;
}

bool Scope::sees(const Label& label, Timestamp now) const {
  return is_everything() || may_see(*subject_, label, now);
}

}  // namespace shieldwall::policy
