using System.Text;
using KeyMeld.Gateway.Dashboard;

namespace KeyMeld.Tests.Gateway.Dashboard;

public class OverviewSnapshotTests
{
    private static readonly OverviewJson Quiet = new(
        1000,
        new GatewayFactsJson("01", "1", "development", "http://127.0.0.1/", 1, null, false, null, "alias/key", false, 0, new KmsCostJson(5, 0.000015, 1, 1), []),
        [], new SigningsJson(0, 0, 10, []), new GroupsJson(0, 10, []), new LastHourJson(0, 60, [], null, []), []);

    [Fact]
    public void Nothing_is_told_while_only_the_clock_goes_on() => Assert.Null(new OverviewSnapshot(Quiet with { Now = 2000 }).ChangesSince(new OverviewSnapshot(Quiet)));

    [Fact]
    public void Only_the_sections_that_are_different_are_told()
    {
        var changes = new OverviewSnapshot(Quiet with { Signings = new SigningsJson(1, 0, 10, []) }).ChangesSince(new OverviewSnapshot(Quiet));
        Assert.Equal("""{"signings":{"waiting":1,"running":0,"counted_to":10,"nearest":[]}}""", Encoding.UTF8.GetString(changes!));
    }

    [Fact]
    public void All_of_it_is_what_the_contract_says() =>
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(Quiet, DashboardJson.Default.OverviewJson), Encoding.UTF8.GetString(new OverviewSnapshot(Quiet).Full()));
}
