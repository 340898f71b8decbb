using System.Net;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Lifecycle;

public class RotationTests
{
    [Fact]
    public async Task A_new_epoch_is_added_and_the_old_one_stays_open_after_every_restart()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        var first = Assert.Single(operated.Rows());

        var done = await operated.DoAsync("rotate");

        Assert.Equal("ready", done.GetProperty("state").GetString());
        var rows = operated.Rows();
        Assert.Equal([1u, 2u], rows.Select(row => row.KeyEpoch));
        Assert.Equal(first, rows[0]);
        Assert.NotEqual(first.PublicKey, rows[1].PublicKey);
        Assert.Equal(rows.Select(row => row.PublicKey), (await operated.StatusAsync()).Keys.Select(key => key.Key));

        await operated.RestartAsync();
        await operated.WhenReadyAsync();
        Assert.Equal(rows.Select(row => row.PublicKey), (await operated.StatusAsync()).Keys.Select(key => key.Key));
        Assert.Equal(rows, operated.Rows());
        await operated.DoAsync("rotate");
        Assert.Equal([1u, 2u, 3u], (await operated.StatusAsync()).Keys.Select(key => key.Epoch));
        Assert.Equal(rows, operated.Rows()[..2]);
    }

    [Fact]
    public async Task A_dry_run_of_a_rotation_leaves_everything_as_it_was()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        var (rows, keys) = (operated.Rows(), (await operated.StatusAsync()).Keys);

        var dry = await operated.DoAsync("rotate", dryRun: true);

        Assert.Equal([1, 2], dry.GetProperty("after").EnumerateArray().Select(row => row.GetProperty("epoch").GetInt32()));
        Assert.Equal(rows, operated.Rows());
        Assert.Equal(keys, (await operated.StatusAsync()).Keys);
        await operated.RestartAsync();
        await operated.WhenReadyAsync();
        Assert.Equal(keys, (await operated.StatusAsync()).Keys);
    }

    [Fact]
    public async Task A_rotation_that_kms_denies_changes_nothing_and_can_be_repeated()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        await operated.Machine.Admin.DisableKeyAsync(operated.KeyArn, TestContext.Current.CancellationToken);
        await operated.RefusesAsync("rotate", ErrorCodes.KmsKeyDisabled);
        await operated.Machine.Admin.EnableKeyAsync(operated.KeyArn, TestContext.Current.CancellationToken);
        await operated.DoAsync("rotate");
        Assert.Equal(2, operated.Rows().Length);
    }

    [Fact]
    public async Task Orders_at_once_make_epochs_one_after_the_other()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => operated.DoAsync("rotate")));
        Assert.Equal([1u, 2u, 3u, 4u], operated.Rows().Select(row => row.KeyEpoch));
        Assert.Equal(operated.Rows().Select(row => row.PublicKey), (await operated.StatusAsync()).Keys.Select(key => key.Key));
    }

    [Fact]
    public async Task Orders_need_the_operators_token_and_say_what_is_wrong_with_them()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        var rows = operated.Rows();
        (string Path, string Body, string? Token, HttpStatusCode Status, string Code)[] cases =
        [
            ("/api/v1/operator/enclaves/0/rotate", "{}", null, HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized),
            ("/api/v1/operator/enclaves/0/rotate", "{}", "another-token", HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized),
            ("/api/v1/operator/enclaves/7/rotate", "{}", "operator-token-of-this-test", HttpStatusCode.NotFound, ErrorCodes.NotFound),
            ("/api/v1/operator/enclaves/00/rotate", "{}", "operator-token-of-this-test", HttpStatusCode.NotFound, ErrorCodes.NotFound),
            ("/api/v1/operator/enclaves/0/export", "{}", "operator-token-of-this-test", HttpStatusCode.NotFound, ErrorCodes.NotFound),
            ("/api/v1/operator/enclaves/0/rotate", """{"dry-run": true}""", "operator-token-of-this-test", HttpStatusCode.BadRequest, ErrorCodes.BadRequest),
            ("/api/v1/operator/enclaves/0/rotate", "null", "operator-token-of-this-test", HttpStatusCode.BadRequest, ErrorCodes.BadRequest),
            ("/api/v1/operator/enclaves/0/rotate?dry_run=true", "{}", "operator-token-of-this-test", HttpStatusCode.BadRequest, ErrorCodes.BadRequest),
        ];
        foreach (var (path, body, token, status, code) in cases)
        {
            var answer = await operated.SendAsync(path, body, token);
            Assert.Equal((status, code), (answer.Status, answer.Body.GetProperty("code").GetString()));
        }
        Assert.Equal(rows, operated.Rows());
    }
}
