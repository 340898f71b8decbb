using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.IntegrationTests.Lifecycle;

/// <summary>Updating builds as docs/kms.md says it, with real processes: another build and configuration is another measurement here as on Nitro.</summary>
public sealed class UpdatingBuildsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enclaves_move_to_a_new_build_one_at_a_time_and_epochs_rotate_while_everybody_goes_on()
    {
        await using var stack = await StackFixture.OwnStackAsync();
        var (releaseA, releaseB, configurationB) = await ReleasesAsync(stack);
        using var alice = new TestUser(stack, Policy(stack, releaseA, releaseB));
        using var bob = new TestUser(stack, Policy(stack, releaseA, releaseB));
        using var behind = new TestUser(stack, Policy(stack, releaseA));
        var everywhere = await FormAsync([alice, bob, behind], [0, 1, 2]);
        var elsewhere = await FormAsync([alice, bob], [1, 2]);
        var before = await FleetView.FetchAsync(stack.Gateway, Cancel);

        // 1. The new release joins the policy: both may use the key.
        await PutPolicyAsync(stack, releaseA, releaseB);

        // 2. One enclave after the other moves. What does not need it goes on meanwhile, what was asked for before completes when it is back.
        var waiting = await RequestAsync(alice, everywhere, "needs enclave 0");
        await ApproveAsync(behind, waiting);
        await stack.KillEnclaveAsync(0);
        await SignAsync(alice, bob, elsewhere, "while enclave 0 is away");
        await stack.MoveEnclaveAsync(0, configurationB, Cancel);
        await stack.ReadyAsync();
        await ApproveAsync(bob, waiting);
        Assert.True((await alice.Client.Signings.WaitAsync(waiting, TimeSpan.FromMinutes(5), Cancel)).IsSigned);
        Scene.SameKeys(before, await FleetView.FetchAsync(stack.Gateway, Cancel));

        // 3. Who knows both releases goes on without a break, over enclaves of both builds; the others are told, and send nothing.
        await SignAsync(alice, bob, elsewhere, "enclaves of two builds");
        Assert.Equal(releaseB.Pcr2, (await alice.Client.Enclaves.VerifyAsync(0, Cancel)).Pcrs.Pcr2);
        Assert.Equal(releaseA.Pcr2, (await alice.Client.Enclaves.VerifyAsync(1, Cancel)).Pcrs.Pcr2);
        await RefusedAsync(ErrorCodes.EnclaveChanged, () => behind.Client.Enclaves.VerifyAsync(0, Cancel));
        await RefusedAsync(ErrorCodes.EnclaveChanged, () => RequestAsync(behind, everywhere, "by somebody who is behind"));
        await behind.Client.Enclaves.VerifyAsync(1, Cancel);

        foreach (var id in (int[])[1, 2])
        {
            await stack.MoveEnclaveAsync(id, configurationB, Cancel);
            await stack.ReadyAsync();
            await SignAsync(alice, bob, elsewhere, $"after enclave {id} moved");
        }
        Scene.SameKeys(before, await FleetView.FetchAsync(stack.Gateway, Cancel));

        // 4. The old release leaves the policy: an enclave of the old build gets nothing any more.
        await PutPolicyAsync(stack, releaseB);
        await stack.MoveEnclaveAsync(0, stack.Layout.EnclaveConfiguration, Cancel);
        await Scene.LockedAsync(stack, 0, ErrorCodes.KmsAccessDenied, Cancel);
        await stack.MoveEnclaveAsync(0, configurationB, Cancel);
        await stack.ReadyAsync();
        Scene.SameKeys(before, await FleetView.FetchAsync(stack.Gateway, Cancel));
        await SignAsync(alice, bob, elsewhere, "after the old build left");

        await RotateAsync(stack, alice, bob, elsewhere);
    }

    private static async Task RotateAsync(DevelopmentStack stack, TestUser alice, TestUser bob, Group old)
    {
        var offered = new GroupPlan { Label = "offered", Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("late")], Enclaves = [1, 2] };
        using var created = await alice.Client.Groups.CreateAsync(offered, Cancel);

        var run = await CliRun.OfAsync(stack.Layout.Data, "enclave", "rotate", "--enclave", "1", "--gateway", stack.Gateway.ToString(), "--operator-token", stack.Layout.OperatorToken, "--json");
        run.Succeeds();
        Assert.Equal(2, (await alice.Client.Enclaves.VerifyAsync(1, Cancel)).Newest.Epoch);

        // Old envelopes stay readable, after a restart too; new groups use the new epoch.
        await SignAsync(alice, bob, old, "after the rotation");
        await stack.KillEnclavesAsync();
        await stack.StartEnclavesAsync(Cancel);
        await stack.ReadyAsync();
        await SignAsync(alice, bob, old, "after the rotation and a restart");
        var fresh = await FormAsync([alice, bob], [1, 2]);
        Assert.Equal([2, 1], fresh.Manifest.Enclaves.Select(enclave => enclave.Epoch));
        await SignAsync(alice, bob, fresh, "under the new epoch");

        // Joining under the old epoch is a decision.
        using var late = new TestUser(stack);
        using var key = MemberKey.Generate();
        using var offer = await late.Client.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel);
        await RefusedAsync(ErrorCodes.EpochRetired, () => late.Client.Groups.JoinAsync(offer, key, null, Cancel));
        await late.Client.Groups.JoinAsync(offer, key, new JoinOptions { AcceptRetiredEpoch = true }, Cancel);
    }

    /// <summary>The running release, and one that differs in its configuration and so in PCR0 and PCR2.</summary>
    private static async Task<(Release A, Release B, string ConfigurationB)> ReleasesAsync(DevelopmentStack stack)
    {
        var file = Path.Combine(stack.Layout.Data, "enclave-next.yaml");
        await File.WriteAllTextAsync(file, await File.ReadAllTextAsync(stack.Layout.EnclaveConfiguration, Cancel) + "limits: { memory_bytes: 300000000 }\n", Cancel);
        return (stack.Measurement.ToRelease(stack.KmsKeyArn), DevelopmentStack.MeasurementOf(file).ToRelease(stack.KmsKeyArn), file);
    }

    /// <summary>Writes the policy with the operator's command, has it checked, and gives it to KMS.</summary>
    private static async Task PutPolicyAsync(DevelopmentStack stack, params Release[] releases)
    {
        List<string> arguments = [];
        foreach (var (index, release) in releases.Index())
        {
            var file = Path.Combine(stack.Layout.Data, $"release-{index}.json");
            await File.WriteAllTextAsync(file,
                $$"""{"Measurements": {"PCR0": "{{release.Pcr0}}", "PCR1": "{{release.Pcr1}}", "PCR2": "{{release.Pcr2}}"}, "KmsKeyArn": "{{release.KmsKeyArn}}"}""", Cancel);
            arguments.AddRange(["--release", file]);
        }
        var policy = Path.Combine(stack.Layout.Data, "policy.json");
        (await CliRun.OfAsync(stack.Layout.Data, ["kms", "policy", .. arguments, "--role", stack.EnclaveRole, "--admin", stack.Administrator, "--out", policy])).Succeeds();
        (await CliRun.OfAsync(stack.Layout.Data, ["kms", "lint", policy, .. arguments])).Succeeds();
        using var kms = stack.OpenKms();
        await kms.PutPolicyAsync(stack.KmsKeyArn, await File.ReadAllTextAsync(policy, Cancel), Cancel);
    }

    private static AttestationPolicy Policy(DevelopmentStack stack, params Release[] releases) =>
        new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(stack.Layout.RootCertificate), releases);

    private static Task<Group> FormAsync(IReadOnlyList<TestUser> users, int[] enclaves) => users.FormAsync(plan => plan with { Enclaves = enclaves });

    private static async Task SignAsync(TestUser alice, TestUser bob, Group group, string content)
    {
        var reference = await RequestAsync(alice, group, content);
        await ApproveAsync(bob, reference);
        Assert.True((await alice.Client.Signings.WaitAsync(reference, TimeSpan.FromMinutes(5), Cancel)).IsSigned, content);
    }

    private static Task<SigningReference> RequestAsync(TestUser user, Group group, string content) =>
        user.Client.Signings.RequestAsync(user.Group(group.Id), [SigningContent.FromBytes(System.Text.Encoding.UTF8.GetBytes(content))], cancellationToken: Cancel);

    private static async Task ApproveAsync(TestUser user, SigningReference reference) =>
        await user.Client.Signings.ApproveAsync(await user.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);

    private static async Task RefusedAsync(string code, Func<Task> call) => Assert.Equal(code, (await Assert.ThrowsAsync<KeyMeldException>(call)).Code);
}
