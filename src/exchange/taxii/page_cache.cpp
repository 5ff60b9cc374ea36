#include "exchange/taxii/page_cache.h"

#include <algorithm>

#include <fmt/format.h>

namespace shieldwall::exchange::taxii {

std::string PageCache::key_of(const api::Call& call,
                              std::uint64_t rights,
                              const std::string& question) const {
  if (by_scope_ == ByScope::off) return question;
  return fmt::format(
      "{}{}{} {}", call.scope().fingerprint().view(), call.caller->account.text(), rights, question);
}

void PageCache::forget(State& state, std::map<std::string, Kept, std::less<>>::iterator page) {
  state.bytes -= page->second.page.body.look()->size();
  state.used.erase(page->second.place);
  state.pages.erase(page);
}

std::optional<RenderedPage> PageCache::find(const api::Call& call,
                                            std::uint64_t rights,
                                            const std::string& question,
                                            store::Sequence newest) {
  const auto key = key_of(call, rights, question);
  return state_.with([&](State& state) -> std::optional<RenderedPage> {
    const auto kept = state.pages.find(key);
    if (kept == state.pages.end()) return std::nullopt;
    const auto& page = kept->second.page;
    if (kept->second.newest != newest || call.now < page.from || call.now >= page.until) {
      forget(state, kept);
      return std::nullopt;
    }
    state.used.splice(state.used.end(), state.used, kept->second.place);
    return page;
  });
}

void PageCache::keep(const api::Call& call,
                     std::uint64_t rights,
                     const std::string& question,
                     store::Sequence newest,
                     RenderedPage page) {
  const auto bytes = page.body.look()->size();
  if (bytes > cache_bytes_max / 4) return;
  const auto key = key_of(call, rights, question);
  state_.with([&](State& state) {
    if (const auto old = state.pages.find(key); old != state.pages.end()) forget(state, old);
    while (!state.used.empty() && state.bytes + bytes > cache_bytes_max)
      forget(state, state.pages.find(state.used.front()));
    state.used.push_back(key);
    state.bytes += bytes;
    state.pages.emplace(key, Kept{std::move(page), newest, std::prev(state.used.end())});
  });
}

}  // namespace shieldwall::exchange::taxii
