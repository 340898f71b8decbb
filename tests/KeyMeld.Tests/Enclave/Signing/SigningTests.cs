using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class SigningTests
{
    [Fact]
    public async Task Three_members_on_three_enclaves_sign()
    {
        var enclaves = HostedEnclave.Fleet(3);
        var group = new TestGroup(enclaves, [new(0), new(1), new(2)]);
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), enclaves);

        Assert.IsType<ItemResult.Completed>(Assert.Single(await driver.RunAsync()));
    }
}
