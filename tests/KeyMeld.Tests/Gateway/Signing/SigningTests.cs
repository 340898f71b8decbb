using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Signing;

public class SigningTests
{
    [Fact]
    public async Task One_call_signs_a_group_nobody_has_to_approve()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3);
        var group = await TestGroup.FormAsync(gateway, members: 3);
        var signing = new TestSigning(group);

        var posted = await signing.SignAsync();

        Assert.Equal((signing.Digest, "completed"), (posted.Id, posted.State));
        Assert.Equal(1, posted.Result!.Attempt);
        Assert.All(gateway.Enclaves, enclave => Assert.Equal((1, 1), (enclave.Count("Open"), enclave.Count("Sign"))));
        Assert.Equal(1, gateway.Enclaves.Sum(enclave => enclave.Count("Combine")));
        var shown = await signing.ShowAsync();
        Assert.Equal(("completed", 1), (shown.State, shown.Attempts));
        Assert.Equal(signing.Items, shown.Items);
        Assert.Equal(posted.Result.Blob, shown.Result!.Blob);
    }
}
