// The program: hands the command line to the verb it names.
#include "app/command_line.hpp"
#include "app/verb_table.hpp"

int main(int argc, char** argv) { return mlean::app::RunCommandLine(argc, argv, mlean::app::VerbTable()); }
