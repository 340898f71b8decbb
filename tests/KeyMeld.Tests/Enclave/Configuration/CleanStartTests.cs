using System.Globalization;
using KeyMeld.Enclave.Configuration;

namespace KeyMeld.Tests.Enclave.Configuration;

public sealed class CleanStartTests : IDisposable
{
    // The number of a process comes again: what an earlier one left may be another user's, and an enclave that wanted to remove it did not start.
    private readonly string _left = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{Environment.ProcessId}-0-socket"));

    public CleanStartTests() => File.WriteAllText(_left, "");

    public void Dispose() => File.Delete(_left);

    [Fact]
    public void Only_this_process_own_diagnostics_files_are_found_not_those_of_an_earlier_one_with_its_number()
    {
        var found = CleanStart.DiagnosticsFiles().Select(Path.GetFileName).ToList();

        Assert.Contains(found, name => name!.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal) && name.EndsWith("-socket", StringComparison.Ordinal));
        Assert.DoesNotContain(Path.GetFileName(_left), found);
    }
}
