using Microsoft.Extensions.Logging.Console;

namespace KeyMeld.Gateway;

/// <summary>How log lines look.</summary>
internal static class ConsoleFormat
{
    public static void Apply(SimpleConsoleFormatterOptions console)
    {
        console.SingleLine = true;
        console.UseUtcTimestamp = true;
        console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
    }
}
