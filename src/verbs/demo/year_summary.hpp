// What the year came to: a row a month, every turn, the audit chain; as a table, as JSON, as one HTML file.
#pragma once

#include <string>

#include "codec/json.hpp"
#include "flows/workspace.hpp"

namespace mlean::verbs::demo {

// {"months": [{"month","requests","labelled","drift_share","auc","auc_first_model","champion","decisions": []}], "turns": [],
//  "audit": {"events","intact"}}
Result<codec::Json> SummarizeYear(flows::Workspace& workspace);
std::string YearTable(const codec::Json& summary, bool colour);
std::string YearHtml(const codec::Json& summary);

}  // namespace mlean::verbs::demo
