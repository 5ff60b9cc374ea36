#pragma once
// The one place that decides whether a caller may change something. A mutation takes an Authorised value, and
// only this class makes one: a handler cannot ask about one object and change another.

#include <string_view>
#include <utility>
#include <vector>

#include "api/call.h"
#include "ledger/api_root.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"

namespace shieldwall::ledger {

enum class Act : std::uint8_t {
  change,  // all of it
  join,    // a circle: its owner's consent
  leave,   // a circle: the member itself, or the owner
  choose,  // the organisation's own choice of what it lets return
  add,     // put objects into a circle
};

/// Somebody whose power is known: an account, or the account behind a key or session.
struct Principal {
  AccountId account{};
  OrganisationId organisation{};
  std::vector<api::Right> rights{};
  std::vector<CompartmentId> compartments{};
};

/// That `caller` may do `action` to exactly this row.
template <Act action, typename Object>
class Authorised {
 public:
  const Row<Object>& row() const { return row_; }
  const Object& look() const { return row_.value; }
  const api::Caller& caller() const { return *caller_; }

 private:
  friend class Authority;
  Authorised(const api::Caller& caller, Row<Object> row) : caller_(&caller), row_(std::move(row)) {}

  const api::Caller* caller_;  // lives as long as the call
  Row<Object> row_;
};

class Authority {
 public:
  /// May the caller set, reset or withdraw this principal's password, keys, roles, sessions, or make it?
  /// Only who operates the same organisation (this machine's own operator: any that is hosted here), and only
  /// when it has every right and compartment that the principal has: no one acts on a principal above
  /// himself.
  ///   errors  not_found: of another organisation; denied
  static Done over(const api::Caller& caller, const Principal& principal);

  /// A row of the principal's: its account, one of its keys or sessions. `principal` is looked up from the
  /// row.
  template <typename Object>
  static Result<Authorised<Act::change, Object>> over(const api::Caller& caller,
                                                      const Principal& principal,
                                                      Row<Object> row) {
    TRY(over(caller, principal));
    return Authorised<Act::change, Object>(caller, std::move(row));
  }
  /// A row of the caller's own: its password, keys and sessions.
  ///   errors  denied: it belongs to another
  template <typename Object>
  static Result<Authorised<Act::change, Object>> own(const api::Caller& caller,
                                                     const AccountId& belongs_to,
                                                     Row<Object> row) {
    if (belongs_to != caller.account || belongs_to.is_nil())
      return fail(ErrorCode::denied, "this belongs to another account");
    return Authorised<Act::change, Object>(caller, std::move(row));
  }

  /// Operators of the circle's owner. errors: not_found: the caller's organisation is not inside; denied
  static Result<Authorised<Act::change, Circle>> change(const api::Caller& caller, Row<Circle> circle);
  /// Operators of any organisation may make a circle of their own.
  static Result<Authorised<Act::change, Circle>> create(const api::Caller& caller, const Circle& circle);
  /// A member's own operators, or the owner's.
  static Result<Authorised<Act::leave, Circle>> leave(const api::Caller& caller,
                                                      Row<Circle> circle,
                                                      const OrganisationId& who);
  static Result<Authorised<Act::choose, Circle>> choose(const api::Caller& caller, Row<Circle> circle);
  /// Whoever access_of lets write. errors: not_found: not inside; denied
  static Result<Authorised<Act::add, Circle>> add(const api::Caller& caller, Row<Circle> circle);

  /// Organisations and API roots are the node's matter: operators of its own organisation.
  static Result<Authorised<Act::change, Organisation>> change(const api::Caller& caller,
                                                              const OrganisationId& home,
                                                              Row<Organisation> row);
  static Result<Authorised<Act::change, ApiRoot>> change(const api::Caller& caller,
                                                         const OrganisationId& home,
                                                         Row<ApiRoot> row);
};

/// Puts `changed` in the place of the row that was authorised, and tells the audit log.
///   errors  invalid; conflict: somebody else changed it meanwhile
Done save(store::Store& store,
          const Authorised<Act::change, Circle>& allowed,
          const Circle& changed,
          std::string_view event);
Done save(store::Store& store,
          const Authorised<Act::change, Organisation>& allowed,
          const Organisation& changed,
          std::string_view event);
Done save(store::Store& store,
          const Authorised<Act::change, ApiRoot>& allowed,
          const ApiRoot& changed,
          std::string_view event);
/// `who` leaves; nothing else of the circle changes.
Done save_leaving(store::Store& store,
                  const Authorised<Act::leave, Circle>& allowed,
                  const OrganisationId& who);
/// The caller's organisation chooses; nothing else of the circle changes.
Done save_choice(store::Store& store, const Authorised<Act::choose, Circle>& allowed, SightingChoice choice);

}  // namespace shieldwall::ledger
