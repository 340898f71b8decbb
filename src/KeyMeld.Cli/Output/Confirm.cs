using Spectre.Console;

namespace KeyMeld.Cli.Output;

/// <summary>Asks before something that cannot be taken back.</summary>
internal static class Confirm
{
    /// <summary>True when <paramref name="yes"/> was given or the user agrees; without a terminal there is nobody to ask, so it is a refusal.</summary>
    public static bool Ask(bool yes, string question)
    {
        if (yes)
        {
            return true;
        }
        if (Console.IsInputRedirected || Report.Json)
        {
            Failure.Show("not_confirmed", "There is no terminal to ask at.", "Read what was shown, then repeat the command with --yes.");
            return false;
        }
        if (AnsiConsole.Confirm(question, defaultValue: false))
        {
            return true;
        }
        Report.Say("Nothing was done.");
        return false;
    }
}
