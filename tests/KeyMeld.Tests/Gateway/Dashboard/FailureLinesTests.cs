using KeyMeld.Gateway.Dashboard.Sections;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Gateway.Dashboard;

public class FailureLinesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1000);

    [Fact]
    public void What_happens_again_and_again_is_one_line_with_its_last_time_and_a_count()
    {
        var failures = new RecentFailures();
        for (var second = 0; second < 70; second++)
        {
            failures.Add(new RecentFailure(Start.AddSeconds(second), FailureOf.Signing, ErrorCodes.AttemptsExhausted, SigningStep.Round2, 1));
        }
        failures.Add(new RecentFailure(Start.AddSeconds(100), FailureOf.Enclave, ErrorCodes.EnclaveUnreachable, null, 2));

        var lines = FailuresSection.Read(failures);

        Assert.Equal([("enclave", 1), ("signing", 70)], lines.Select(line => (line.Of, line.Count)));
        Assert.Equal(Start.AddSeconds(69).ToUnixTimeMilliseconds(), lines[1].At);
        Assert.Equal((ErrorCodes.AttemptsExhausted, "round2", 1, ErrorCodes.Get(ErrorCodes.AttemptsExhausted).Action), (lines[1].Code, lines[1].Step, lines[1].Enclave, lines[1].Advice));
    }
}
