#pragma once
// Whose word an object is. What an organisation holds from another source it may keep and pass on under that
// source's label, and never more openly as its own: docs/formats/statement.md, kind `import`.

#include <optional>

#include "policy/released.h"
#include "policy/scope.h"
#include "store/store.h"

namespace shieldwall::ledger {

/// The source of what an organisation took in itself but claims no authorship of.
policy::Source import_source(const OrganisationId& organisation);

/// The label that binds whatever the subject puts under this id: that of the holding from another source by
/// which it knows the object. Nothing when the object is new to it, its own word, or names `identity`, its
/// own, as creator: then it came back by way of another.
///   errors  as Objects::get
Result<std::optional<policy::Label>> ceiling_of(store::Objects& objects,
                                                const policy::Scope& scope,
                                                const model::ObjectId& identity,
                                                const model::ObjectId& id);

}  // namespace shieldwall::ledger
