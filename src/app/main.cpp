// The program: hands the command line to the verb it names.
#include <cstdlib>

#include "app/command_line.hpp"
#include "app/verb_table.hpp"

int main(int argc, char** argv) {
  // Training threads sleep while they wait; spinning ones starve the server beside them on a small machine. Before any thread
  // starts.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  return mlean::app::RunCommandLine(argc, argv, mlean::app::VerbTable());
}
