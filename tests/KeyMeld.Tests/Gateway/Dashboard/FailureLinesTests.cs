using KeyMeld.Gateway.Dashboard.Sections;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Dashboard;

public class FailureLinesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1000);

    [Fact]
    public void What_happens_again_and_again_is_one_line_with_its_last_time_a_count_and_the_newest_ids()
    {
        var failures = new RecentFailures();
        for (var second = 0; second < 70; second++)
        {
            failures.Add(new RecentFailure(Start.AddSeconds(second), FailureOf.Signing, ErrorCodes.AttemptsExhausted, SigningStep.Round2, 1, Id(second)));
        }
        failures.Add(new RecentFailure(Start.AddSeconds(100), FailureOf.Enclave, ErrorCodes.EnclaveUnreachable, null, 2));

        var lines = FailuresSection.Read(failures, []);

        Assert.Equal([("enclave", 1), ("signing", 70)], lines.Select(line => (line.Of, line.Count)));
        Assert.Equal(At(69), lines[1].At);
        Assert.Equal((ErrorCodes.AttemptsExhausted, "round2", 1, ErrorCodes.Get(ErrorCodes.AttemptsExhausted).Action), (lines[1].Code, lines[1].Step, lines[1].Enclave, lines[1].Advice));
        Assert.Equal([Id(69), Id(68), Id(67), Id(66), Id(65)], lines[1].Failed!.Select(failed => Hash32.Parse(failed.Signing!)));
        Assert.Null(lines[0].Failed);
    }

    [Fact]
    public void What_the_database_knows_and_what_this_gateway_saw_of_it_is_one_line()
    {
        var failures = new RecentFailures();
        failures.Add(new RecentFailure(Start, FailureOf.Signing, ErrorCodes.AttemptsExhausted, SigningStep.Round1, 2, Id(1)));
        failures.Add(new RecentFailure(Start.AddSeconds(1), FailureOf.Call, ErrorCodes.StorageFailed, null, null));

        var lines = FailuresSection.Read(failures,
        [
            new StoredFailure(Id(1), Id(10), ErrorCodes.AttemptsExhausted, At(0)),
            new StoredFailure(Id(2), Id(11), ErrorCodes.Expired, At(5), Attempts: 2),
            new StoredFailure(Id(3), Id(11), ErrorCodes.Expired, At(4), Attempts: 0),
            new StoredFailure(null, Id(12), ErrorCodes.JoinClosed, At(-5)),
        ]);

        Assert.Equal(
            [("signing", ErrorCodes.Expired), ("signing", ErrorCodes.Expired), ("call", ErrorCodes.StorageFailed), ("signing", ErrorCodes.AttemptsExhausted), ("group", ErrorCodes.JoinClosed)], lines.Select(line => (line.Of, line.Code)));
        // Another gateway's: what it stood at is known there only.
        Assert.Equal((null, null, Id(2).ToString(), Id(11).ToString()), (lines[0].Step, lines[0].Enclave, lines[0].Failed![0].Signing, lines[0].Failed![0].Group));
        // But not that it never came to its rounds: the row says so.
        Assert.Equal("approval", lines[1].Step);
        Assert.Equal(("round1", 2, 1, Id(1).ToString(), Id(10).ToString()), (lines[3].Step, lines[3].Enclave, lines[3].Count, lines[3].Failed![0].Signing, lines[3].Failed![0].Group));
        Assert.Equal((null, Id(12).ToString()), (lines[4].Failed![0].Signing, lines[4].Failed![0].Group));
    }

    [Fact]
    public void However_much_fails_the_list_is_short()
    {
        var stored = Enumerable.Range(0, 500).Select(number => new StoredFailure(Id(number), Id(0), number % 2 == 0 ? ErrorCodes.Expired : ErrorCodes.AttemptsExhausted, At(number))).ToList();

        var lines = FailuresSection.Read(new RecentFailures(), stored);

        Assert.Equal(FailuresSection.Shown, lines.Count);
        Assert.Equal(At(499), lines[0].At);
    }

    private static long At(int second) => Start.AddSeconds(second).ToUnixTimeMilliseconds();

    private static Hash32 Id(int number) => Hash32.Sha256(BitConverter.GetBytes(number));
}
