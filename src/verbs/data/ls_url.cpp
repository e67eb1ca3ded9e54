// mlean ls-url (list-url): what a url holds.
#include <memory>
#include <utility>

#include "flows/data/get_url.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/list_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> LsUrl(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  flows::UrlRequest request{.url = arguments.Text("URL"), .directory = context.directory, .cancel = interrupt->flag()};
  TRY(request.options, NamedValues(arguments, "fs-config"));
  flows::ListUrlRequest wanted{.recursive = arguments.Has("recursive"), .level = {}};
  if (arguments.Has("level")) {
    TRY(wanted.level, arguments.Int("level", 0));
  }
  if (arguments.Has("tree")) {
    TRY(const metrics::ListEntry top, flows::ListUrlTree(request, wanted));
    if (!context.quiet) Print(metrics::TreeText({top}, ListOptionsOf(arguments)));
    return 0;
  }
  TRY(const std::vector<metrics::ListEntry> entries, flows::ListUrl(request, wanted));
  if (context.json) {
    PrintLine(metrics::ListJson(entries).DumpPython());
  } else if (!entries.empty() && !context.quiet) {
    Print(metrics::ListText(entries, ListOptionsOf(arguments)));
  }
  return 0;
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {word};
  spec.summary = "list what a url holds";
  spec.options = {Positional("URL", "a path, s3://, gs://, azure://, ssh://, webdav(s):// or remote://NAME/path"),
                  Flag("-R,--recursive", "also what is in folders"),
                  Flag("-T,--tree", "as a tree"),
                  ValueOption("-L,--level", "N", "go so many levels deep"),
                  Flag("--size", "with sizes"),
                  ListOption("--fs-config", "NAME=VALUE", "options of the store, as those of a remote")};
  spec.examples = {"mlean ls-url s3://bucket/raw", "mlean ls-url -R --size remote://store"};
  spec.exit_codes = "0 done · 251 unsound configuration · 254 usage · 255 failed, or nothing is there";
  spec.run = LsUrl;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec LsUrlVerb() { return Spec("ls-url"); }
VerbSpec ListUrlVerb() { return Spec("list-url"); }

}  // namespace mlean::verbs
