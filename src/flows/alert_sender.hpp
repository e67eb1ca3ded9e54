// Delivers the alerts that are due, through the program's HTTP client.
#pragma once

#include "flows/workspace.hpp"

namespace mlean::flows {

Result<void> DeliverAlerts(Workspace& workspace);

}  // namespace mlean::flows
