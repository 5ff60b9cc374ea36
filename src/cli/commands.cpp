// Every command, in the order in which help lists them and a test runs their examples: each may use what
// those before it made.

#include "cli/alliance.h"
#include "cli/alliance_keys.h"
#include "cli/ask.h"
#include "cli/carry.h"
#include "cli/circle.h"
#include "cli/command.h"
#include "cli/delivered.h"
#include "cli/feed.h"
#include "cli/hunt.h"
#include "cli/import.h"
#include "cli/init.h"
#include "cli/key.h"
#include "cli/leave.h"
#include "cli/log.h"
#include "cli/matcher.h"
#include "cli/member.h"
#include "cli/node.h"
#include "cli/object.h"
#include "cli/pattern.h"
#include "cli/proposal.h"
#include "cli/recall.h"
#include "cli/reconcile.h"
#include "cli/relabel.h"
#include "cli/root.h"
#include "cli/scan.h"
#include "cli/search.h"
#include "cli/serve.h"
#include "cli/sighting.h"
#include "cli/sigma.h"
#include "cli/suspension.h"
#include "cli/taxii.h"
#include "cli/user.h"
#include "cli/value.h"
#include "cli/vouch.h"
#include "cli/watch.h"

namespace shieldwall::cli {

std::span<const Command> commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> rows;
    for (const auto some :
         {init_commands(),          serve_commands(),      node_commands(),     user_commands(),
          key_commands(),           member_commands(),     root_commands(),     circle_commands(),
          import_commands(),        search_commands(),     object_commands(),   delivered_commands(),
          log_commands(),           relabel_commands(),    vouch_commands(),    matcher_commands(),
          scan_commands(),          watch_commands(),      hunt_commands(),     pattern_commands(),
          sigma_commands(),         sighting_commands(),   feed_commands(),     alliance_commands(),
          alliance_keys_commands(), suspension_commands(), recall_commands(),   reconcile_commands(),
          leave_commands(),         carry_commands(),      proposal_commands(), taxii_commands(),
          ask_commands(),           value_commands()})
      rows.insert(rows.end(), some.begin(), some.end());
    return rows;
  }();
  return all;
}

}  // namespace shieldwall::cli
